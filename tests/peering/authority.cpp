#include "authority.hpp"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace peering_test {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free>;
using CertificatePtr = std::unique_ptr<X509, Free>;

void require(bool good, char const* what) {
  if (!good) throw std::runtime_error(std::string("cannot make a certificate: ") + what);
}

void extend(X509* certificate, int kind, std::string const& value) {
  std::unique_ptr<X509_EXTENSION, Free> const extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

CertificatePtr new_certificate(EVP_PKEY* key, Subject const& subject, int serial) {
  CertificatePtr certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), subject.from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), subject.until.count());
  X509_set_pubkey(certificate.get(), key);
  if (!subject.common_name.empty())
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<unsigned char const*>(subject.common_name.c_str()), -1, -1, 0);
  if (!subject.uri.empty()) extend(certificate.get(), NID_subject_alt_name, "URI:" + subject.uri);
  return certificate;
}

std::unique_ptr<std::FILE, Free> create(std::filesystem::path const& path) {
  std::unique_ptr<std::FILE, Free> file(std::fopen(path.c_str(), "w"));
  require(file != nullptr, path.c_str());
  chmod(path.c_str(), 0600);
  return file;
}

void write(std::filesystem::path const& path, X509* certificate) {
  require(PEM_write_X509(create(path).get(), certificate) == 1, path.c_str());
}

}  // namespace

struct Authority::State {
  KeyPtr key{EVP_EC_gen("P-256")};
  CertificatePtr certificate;
};

Authority::Authority() : state_(std::make_unique<State>()) {
  std::string name = (std::filesystem::temp_directory_path() / "proxystore-authority.XXXXXX").string();
  require(mkdtemp(name.data()) != nullptr, "a folder");
  folder_ = name;
  state_->certificate = new_certificate(state_->key.get(), {.common_name = "authority of a test"}, 1);
  auto* const certificate = state_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
  require(X509_sign(certificate, state_->key.get(), EVP_sha256()) > 0, "the authority's own");
  write(folder_ / "ca.pem", certificate);
}

Authority::~Authority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

proxystore::endpoint::Certificates Authority::sign(Subject const& subject) {
  auto const name = std::to_string(++signed_);
  KeyPtr const key(EVP_EC_gen("P-256"));
  auto const certificate = new_certificate(key.get(), subject, signed_ + 1);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(state_->certificate.get()));
  require(X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) > 0, "signature");
  proxystore::endpoint::Certificates const files{folder_ / "ca.pem", folder_ / (name + ".pem"),
                                                 folder_ / (name + ".key")};
  write(files.certificate, certificate.get());
  require(PEM_write_PrivateKey(create(files.key).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "key");
  return files;
}

}  // namespace peering_test
