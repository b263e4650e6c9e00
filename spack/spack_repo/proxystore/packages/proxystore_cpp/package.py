# Copyright proxystore-cpp contributors. See the top-level LICENSE file for details.
#
# SPDX-License-Identifier: MIT

import pathlib

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class ProxystoreCpp(CMakePackage):
    """Futures and proxies between MPI ranks: a rank that needs an object which does
    not exist yet holds a proxy of it, and blocks only at its first use."""

    # The recipe lies in the repository that it builds: no other place has to be reached.
    git = pathlib.Path(__file__).resolve().parents[5].as_uri()

    license("MIT")

    version("main", branch="main")

    variant("mpi", default=True, description="What MPI ranks share: rma, parallel-file, executor")
    variant("hdf5", default=False, description="The hdf5 connector")
    variant("redis", default=False, description="The Redis connector")
    variant("fortran", default=False, description="The Fortran modules")
    variant("endpoint", default=False, description="The endpoint connector and its daemon")
    variant("programs", default=False, description="The program proxystore: ls, trace")
    variant("lammps", default=False, description="The example crack, which links LAMMPS (GPL)")
    variant("docs", default=False, description="The documentation as a site")
    variant("shared", default=True, description="Shared libraries")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("fortran", type="build", when="+fortran")
    depends_on("cmake@3.24:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("cereal@1.3:")
    depends_on("mpi@3.1:", when="+mpi")
    depends_on("xxhash@0.8:", when="+mpi")
    # One HDF5 in a process: with MPI it is the parallel one.
    depends_on("hdf5@1.10.2:", when="+hdf5")
    depends_on("hdf5+mpi", when="+hdf5+mpi")
    depends_on("hdf5~mpi", when="+hdf5~mpi")
    depends_on("hiredis@0.14:", when="+redis")
    depends_on("boost@1.74:", when="+endpoint")
    depends_on("tomlplusplus@3:", when="+endpoint")
    depends_on("cli11@2.1:", when="+endpoint")
    depends_on("sqlite@3.20:", when="+endpoint")
    depends_on("openssl@3:", when="+endpoint")
    depends_on("xxhash@0.8:", when="+programs")
    depends_on("cli11@2:", when="+programs")
    depends_on("nlohmann-json@3:", when="+programs")
    depends_on("lammps+lib", when="+lammps")
    depends_on("libpng", when="+lammps")
    depends_on("zlib-api", when="+lammps")
    depends_on("cli11@2:", when="+lammps")
    depends_on("doxygen@1.9.4:", type="build", when="+docs")
    depends_on("googletest@1.12:", type="test")

    conflicts("+lammps", when="~mpi", msg="the example couples ranks: it needs +mpi")

    # C++20 as g++ 12 and clang 14 have it.
    conflicts("%gcc@:11")
    conflicts("%clang@:13")

    def cmake_args(self):
        args = [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("PROXYSTORE_BUILD_MPI", "mpi"),
            self.define_from_variant("PROXYSTORE_BUILD_HDF5", "hdf5"),
            self.define_from_variant("PROXYSTORE_BUILD_REDIS", "redis"),
            self.define_from_variant("PROXYSTORE_BUILD_FORTRAN", "fortran"),
            self.define_from_variant("PROXYSTORE_BUILD_ENDPOINT", "endpoint"),
            self.define_from_variant("PROXYSTORE_BUILD_PROGRAMS", "programs"),
            self.define_from_variant("PROXYSTORE_BUILD_CRACK", "lammps"),
            self.define_from_variant("PROXYSTORE_BUILD_DOCS", "docs"),
            self.define("PROXYSTORE_BUILD_TESTS", self.run_tests),
            self.define(
                "PROXYSTORE_BUILD_EXAMPLES", self.run_tests or self.spec.satisfies("+lammps")
            ),
        ]
        if self.spec.satisfies("+hdf5"):
            args.append(self.define("HDF5_ROOT", self.spec["hdf5"].prefix))
        return args

    @run_after("install")
    def keep_what_the_tests_build(self):
        cache_extra_test_sources(self, ["tests/installed", "examples", "lib/cmake"])

    def test_consumer(self):
        """a project of its own finds the installation, builds and runs, without an allocation"""
        if self.spec.satisfies("~mpi"):
            raise SkipTest("what it builds is for MPI")
        sources = self.test_suite.current_test_cache_dir
        cmake = Executable(self.spec["cmake"].prefix.bin.cmake)
        ctest = Executable(self.spec["cmake"].prefix.bin.ctest)
        prefixes = [spec.prefix for spec in self.spec.traverse(deptype=("build", "link"))]
        with working_dir("consumer", create=True):
            cmake(
                join_path(sources, "tests", "installed"),
                self.define("CMAKE_PREFIX_PATH", prefixes),
                self.define("CMAKE_CXX_COMPILER", self.compiler.cxx),
            )
            cmake("--build", ".")
            ctest("--output-on-failure", "--label-exclude", "mpi", "--no-tests=error")
