// libarchive, loaded when it is first called.
#pragma once
#include <archive.h>
#include <archive_entry.h>

/// Loads libarchive, unless that has been tried already.
/// - Returns: NULL, or why it cannot be used.
const char *carchive_problem(void);
