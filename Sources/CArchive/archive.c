// libarchive brings libxml2, which brings ICU: 30 MB of libraries that a run without archives has no use for.
//
// Each of its functions that is used is defined here and passes its call on to the real one. A definition that differs from
// the declaration in libarchive's headers does not compile.
#include "CArchive.h"

#include <pthread.h>

#include "CLoading.h"

#define READING(FUNCTION) \
    FUNCTION(struct archive *, archive_read_new, (void), ()) \
    FUNCTION(int, archive_read_free, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_filter_bzip2, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_filter_gzip, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_filter_lz4, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_filter_xz, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_filter_zstd, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_append_filter, (struct archive *archive, int code), (archive, code)) \
    FUNCTION(int, archive_read_support_format_7zip, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_format_raw, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_format_tar, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_support_format_zip_seekable, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_set_callback_data, (struct archive *archive, void *context), (archive, context)) \
    FUNCTION(int, archive_read_set_read_callback, (struct archive *archive, archive_read_callback *callback), \
             (archive, callback)) \
    FUNCTION(int, archive_read_set_seek_callback, (struct archive *archive, archive_seek_callback *callback), \
             (archive, callback)) \
    FUNCTION(int, archive_read_set_skip_callback, (struct archive *archive, archive_skip_callback *callback), \
             (archive, callback)) \
    FUNCTION(int, archive_read_open1, (struct archive *archive), (archive)) \
    FUNCTION(int, archive_read_next_header, (struct archive *archive, struct archive_entry **entry), (archive, entry)) \
    FUNCTION(int, archive_read_data_block, \
             (struct archive *archive, const void **bytes, size_t *size, la_int64_t *offset), \
             (archive, bytes, size, offset)) \
    FUNCTION(int, archive_read_has_encrypted_entries, (struct archive *archive), (archive)) \
    FUNCTION(la_int64_t, archive_filter_bytes, (struct archive *archive, int filter), (archive, filter)) \
    FUNCTION(int, archive_errno, (struct archive *archive), (archive)) \
    FUNCTION(const char *, archive_error_string, (struct archive *archive), (archive))

#define ENTRIES(FUNCTION) \
    FUNCTION(const char *, archive_entry_pathname, (struct archive_entry *entry), (entry)) \
    FUNCTION(const char *, archive_entry_hardlink, (struct archive_entry *entry), (entry)) \
    FUNCTION(const char *, archive_entry_symlink, (struct archive_entry *entry), (entry)) \
    FUNCTION(__LA_MODE_T, archive_entry_filetype, (struct archive_entry *entry), (entry)) \
    FUNCTION(__LA_MODE_T, archive_entry_perm, (struct archive_entry *entry), (entry)) \
    FUNCTION(la_int64_t, archive_entry_size, (struct archive_entry *entry), (entry)) \
    FUNCTION(int, archive_entry_size_is_set, (struct archive_entry *entry), (entry)) \
    FUNCTION(int, archive_entry_is_encrypted, (struct archive_entry *entry), (entry))

#define FUNCTIONS(FUNCTION) READING(FUNCTION) ENTRIES(FUNCTION)

#define MEMBER(result, name, parameters, arguments) __typeof__(name) *name;
#define NAME(result, name, parameters, arguments) #name,
#define DEFINITION(result, name, parameters, arguments) \
    __attribute__((visibility("hidden"))) result name parameters { return libarchive()->name arguments; }

struct functions { FUNCTIONS(MEMBER) };
static struct functions functions;
static const char *const names[] = {FUNCTIONS(NAME)};
static const char *problem;

static void load(void) {
    _Static_assert(sizeof functions == sizeof names, "a name for each function");
    problem = loading_fill("libarchive.so.13", names, (void **)&functions, sizeof names / sizeof *names);
}

const char *carchive_problem(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return problem;
}

static const struct functions *libarchive(void) {
    if (carchive_problem()) loading_failed(problem);
    return &functions;
}

FUNCTIONS(DEFINITION)
