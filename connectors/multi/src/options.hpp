/// Members and policies as text.
#pragma once

#include <map>
#include <string>

#include <proxystore/connectors/multi.hpp>

namespace proxystore::multi {

/// Throws ConfigError for a text that is not understood.
MultiOptions options_of(Config const& config);
Config config_of(std::vector<MultiOptions::Member> const& members, std::vector<std::string> const& spill);

/// Throws ConfigError for options that cannot be.
void validate(MultiOptions const& options);
/// Whether a member with this policy is open on this host. Throws ConfigError.
bool is_for_this_host(MultiPolicy const& policy);
/// Throws ConfigError if the member has hosts, and so may be dormant.
void refuse_hosts(MultiOptions::Member const& member);
/// Opens what is not open and not dormant, `but` these.
void open(std::vector<MultiOptions::Member>& members, Registry::Parts const& but = {});

}  // namespace proxystore::multi
