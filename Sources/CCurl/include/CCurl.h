// libcurl, loaded when it is first called. Its variadic setters and getters are wrapped, one for each type of argument.
#pragma once
#include <curl/curl.h>

/// Loads libcurl, unless that has been tried already.
/// - Returns: NULL, or why it cannot be used.
const char *ccurl_problem(void);

CURLcode ccurl_setopt_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_setopt_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode ccurl_setopt_string(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_setopt_pointer(CURL *handle, CURLoption option, void *value);
typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *context);
CURLcode ccurl_setopt_data_callback(CURL *handle, CURLoption option, ccurl_data_callback callback);
typedef int (*ccurl_seek_callback)(void *context, curl_off_t offset, int origin);
CURLcode ccurl_setopt_seek_callback(CURL *handle, ccurl_seek_callback callback);
CURLcode ccurl_getinfo_long(CURL *handle, CURLINFO info, long *value);
CURLcode ccurl_getinfo_offset(CURL *handle, CURLINFO info, curl_off_t *value);
CURLcode ccurl_getinfo_string(CURL *handle, CURLINFO info, const char **value);
CURLcode ccurl_getinfo_pointer(CURL *handle, CURLINFO info, void **value);
CURLMcode ccurl_multi_setopt_long(CURLM *multi, CURLMoption option, long value);
void ccurl_multi_setopt_socket_callback(CURLM *multi, curl_socket_callback callback, void *context);
void ccurl_multi_setopt_timer_callback(CURLM *multi, curl_multi_timer_callback callback, void *context);
/// `opened` is told of each socket of a connection when it is made; `closed` has to close it.
void ccurl_setopt_socket_callbacks(
    CURL *handle, curl_sockopt_callback opened, curl_closesocket_callback closed, void *context);

/// The PEM file of authorities that libcurl was built to use; NULL when there is none.
const char *ccurl_default_certificate_file(void);
/// The folder of authorities that libcurl was built to use besides; NULL when there is none.
const char *ccurl_default_certificate_folder(void);
