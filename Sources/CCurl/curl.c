// libcurl brings some thirty libraries, and takes longer to load than a run that has nothing to do takes in all.
//
// Each of its functions that is used is defined here and passes its call on to the real one. A definition that differs from
// the declaration in libcurl's header does not compile.
#define CURL_DISABLE_TYPECHECK
#include "CCurl.h"

#include <pthread.h>

#include "CLoading.h"

#define FUNCTIONS(FUNCTION) \
    FUNCTION(CURLcode, curl_global_init, (long flags), (flags)) \
    FUNCTION(void, curl_free, (void *text), (text)) \
    FUNCTION(time_t, curl_getdate, (const char *text, const time_t *unused), (text, unused)) \
    FUNCTION(CURL *, curl_easy_init, (void), ()) \
    FUNCTION(void, curl_easy_cleanup, (CURL *handle), (handle)) \
    FUNCTION(CURLcode, curl_easy_pause, (CURL *handle, int directions), (handle, directions)) \
    FUNCTION(const char *, curl_easy_strerror, (CURLcode code), (code)) \
    FUNCTION(CURLM *, curl_multi_init, (void), ()) \
    FUNCTION(CURLMcode, curl_multi_cleanup, (CURLM *multi), (multi)) \
    FUNCTION(CURLMcode, curl_multi_add_handle, (CURLM *multi, CURL *handle), (multi, handle)) \
    FUNCTION(CURLMcode, curl_multi_remove_handle, (CURLM *multi, CURL *handle), (multi, handle)) \
    FUNCTION(CURLMcode, curl_multi_socket_action, (CURLM *multi, curl_socket_t socket, int events, int *running), \
             (multi, socket, events, running)) \
    FUNCTION(CURLMsg *, curl_multi_info_read, (CURLM *multi, int *left), (multi, left)) \
    FUNCTION(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text), (list, text)) \
    FUNCTION(void, curl_slist_free_all, (struct curl_slist *list), (list)) \
    FUNCTION(CURLU *, curl_url, (void), ()) \
    FUNCTION(void, curl_url_cleanup, (CURLU *url), (url)) \
    FUNCTION(CURLUcode, curl_url_get, (CURLU *url, CURLUPart part, char **text, unsigned flags), (url, part, text, flags)) \
    FUNCTION(CURLUcode, curl_url_set, (CURLU *url, CURLUPart part, const char *text, unsigned flags), \
             (url, part, text, flags))

/// Those that only the wrappers below call.
#define WRAPPED(FUNCTION) \
    FUNCTION(, curl_easy_setopt, , ) \
    FUNCTION(, curl_easy_getinfo, , ) \
    FUNCTION(, curl_multi_setopt, , ) \
    FUNCTION(, curl_version_info, , )

#define MEMBER(result, name, parameters, arguments) __typeof__(name) *name;
#define NAME(result, name, parameters, arguments) #name,
#define DEFINITION(result, name, parameters, arguments) \
    __attribute__((visibility("hidden"))) result name parameters { return libcurl()->name arguments; }

struct functions { FUNCTIONS(MEMBER) WRAPPED(MEMBER) };
static struct functions functions;
static const char *const names[] = {FUNCTIONS(NAME) WRAPPED(NAME)};
static const char *problem;

static void load(void) {
    _Static_assert(sizeof functions == sizeof names, "a name for each function");
    problem = loading_fill("libcurl.so.4", names, (void **)&functions, sizeof names / sizeof *names);
}

const char *ccurl_problem(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return problem;
}

static const struct functions *libcurl(void) {
    if (ccurl_problem()) loading_failed(problem);
    return &functions;
}

FUNCTIONS(DEFINITION)

CURLcode ccurl_setopt_long(CURL *handle, CURLoption option, long value) {
    return libcurl()->curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_setopt_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return libcurl()->curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_setopt_string(CURL *handle, CURLoption option, const char *value) {
    return libcurl()->curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_setopt_pointer(CURL *handle, CURLoption option, void *value) {
    return libcurl()->curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_setopt_data_callback(CURL *handle, CURLoption option, ccurl_data_callback callback) {
    return libcurl()->curl_easy_setopt(handle, option, callback);
}

CURLcode ccurl_setopt_seek_callback(CURL *handle, ccurl_seek_callback callback) {
    return libcurl()->curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, callback);
}

CURLcode ccurl_getinfo_long(CURL *handle, CURLINFO info, long *value) {
    return libcurl()->curl_easy_getinfo(handle, info, value);
}

CURLcode ccurl_getinfo_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return libcurl()->curl_easy_getinfo(handle, info, value);
}

CURLcode ccurl_getinfo_string(CURL *handle, CURLINFO info, const char **value) {
    return libcurl()->curl_easy_getinfo(handle, info, (char **)value);
}

CURLcode ccurl_getinfo_pointer(CURL *handle, CURLINFO info, void **value) {
    return libcurl()->curl_easy_getinfo(handle, info, value);
}

CURLMcode ccurl_multi_setopt_long(CURLM *multi, CURLMoption option, long value) {
    return libcurl()->curl_multi_setopt(multi, option, value);
}

void ccurl_multi_setopt_socket_callback(CURLM *multi, curl_socket_callback callback, void *context) {
    libcurl()->curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    libcurl()->curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}

void ccurl_multi_setopt_timer_callback(CURLM *multi, curl_multi_timer_callback callback, void *context) {
    libcurl()->curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
    libcurl()->curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

void ccurl_setopt_socket_callbacks(
    CURL *handle, curl_sockopt_callback opened, curl_closesocket_callback closed, void *context) {
    libcurl()->curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, opened);
    libcurl()->curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, context);
    libcurl()->curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, closed);
    libcurl()->curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, context);
}

const char *ccurl_default_certificate_file(void) { return libcurl()->curl_version_info(CURLVERSION_NOW)->cainfo; }

const char *ccurl_default_certificate_folder(void) { return libcurl()->curl_version_info(CURLVERSION_NOW)->capath; }
