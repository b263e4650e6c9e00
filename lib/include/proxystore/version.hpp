/// @file
/// The version of the library.
#pragma once

#define PROXYSTORE_VERSION_MAJOR 0  ///< breaks the interface, from 1 on
#define PROXYSTORE_VERSION_MINOR 1  ///< adds to it; before 1.0 it may break it
#define PROXYSTORE_VERSION_PATCH 0  ///< mends
/// All three.
#define PROXYSTORE_VERSION "0.1.0"
