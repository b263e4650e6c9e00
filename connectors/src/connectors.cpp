#include <proxystore/connectors/connectors.hpp>

#include <proxystore/registry.hpp>

#ifdef PROXYSTORE_HAVE_ENDPOINT
#include <proxystore/connectors/endpoint.hpp>
#endif
#ifdef PROXYSTORE_HAVE_FILE
#include <proxystore/connectors/file.hpp>
#endif
#ifdef PROXYSTORE_HAVE_HDF5
#include <proxystore/connectors/hdf5.hpp>
#endif
#ifdef PROXYSTORE_HAVE_LOCAL
#include <proxystore/connectors/local.hpp>
#endif
#ifdef PROXYSTORE_HAVE_MULTI
#include <proxystore/connectors/multi.hpp>
#endif
#ifdef PROXYSTORE_HAVE_REDIS
#include <proxystore/connectors/redis.hpp>
#endif

namespace proxystore {

void register_connectors() {
  [[maybe_unused]] auto& registry = Registry::instance();
#ifdef PROXYSTORE_HAVE_ENDPOINT
  EndpointConnector::add_kind(registry);
#endif
#ifdef PROXYSTORE_HAVE_FILE
  FileConnector::add_kind(registry);
#endif
#ifdef PROXYSTORE_HAVE_HDF5
  Hdf5Connector::add_kind(registry);
#endif
#ifdef PROXYSTORE_HAVE_LOCAL
  LocalConnector::add_kind(registry);
#endif
#ifdef PROXYSTORE_HAVE_MULTI
  MultiConnector::add_kind(registry);
#endif
#ifdef PROXYSTORE_HAVE_REDIS
  RedisConnector::add_kind(registry);
#endif
}

}  // namespace proxystore
