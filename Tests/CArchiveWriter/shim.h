// libarchive as a whole: tests write archives with it.
#pragma once
#include <archive.h>
#include <archive_entry.h>
