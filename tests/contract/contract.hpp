/// What every connector must do, as one GoogleTest suite over a list of connectors. Needs public headers only.
///
///     namespace contract {
///     HOLD_TO_CONTRACT(Mine, testing::Values(Case{"mine", [] { return std::make_unique<Mine>(); }}));
///     }
///
/// Include it in one source of a test program. Where making and closing a connector is collective, run the
/// program on every rank: each test makes and closes its connectors in the same order everywhere.
#pragma once

#include "closing.hpp"
#include "deferral.hpp"
#include "objects.hpp"
#include "threads.hpp"

#define HOLD_TO_CONTRACT(prefix, cases)                                  \
  INSTANTIATE_TEST_SUITE_P(prefix, EveryConnector, cases, name_of_case); \
  INSTANTIATE_TEST_SUITE_P(prefix, EveryDeferrableConnector, cases, name_of_case)
