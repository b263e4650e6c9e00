# Copyright proxystore-cpp contributors. See the top-level LICENSE file for details.
#
# SPDX-License-Identifier: MIT

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class ProxystoreCpp(CMakePackage):
    """Futures and proxies between MPI ranks: a rank that needs an object which does
    not exist yet holds a proxy of it, and blocks only at its first use."""

    license("MIT", checked_by="proxystore-cpp")

    version("0.1.0")

    variant("mpi", default=True, description="The rma connector and the executor, for MPI ranks")
    variant("shared", default=True, description="Shared libraries")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.24:", type="build")
    depends_on("cereal@1.3:")
    depends_on("mpi@3.1:", when="+mpi")
    depends_on("googletest@1.12:", type="test")

    # C++20 as g++ 12 and clang 14 have it.
    conflicts("%gcc@:11")
    conflicts("%clang@:13")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("PROXYSTORE_BUILD_MPI", "mpi"),
            self.define("PROXYSTORE_BUILD_TESTS", self.run_tests),
            self.define("PROXYSTORE_BUILD_EXAMPLES", self.run_tests),
        ]
