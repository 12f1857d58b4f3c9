#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

const unsigned linux_rename_noreplace = 1;
const unsigned linux_rename_exchange = 2;

int linux_renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path, unsigned flags) {
    return renameat2(old_directory, old_path, new_directory, new_path, flags);
}

int64_t linux_copy_file_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t length) {
    return copy_file_range(from, from_offset, to, to_offset, length, 0);
}

int linux_ficlone(int to, int from) { return ioctl(to, FICLONE, from); }

int linux_syncfs(int descriptor) { return syncfs(descriptor); }

int linux_fallocate(int descriptor, int64_t offset, int64_t length) {
    return fallocate(descriptor, 0, offset, length);
}

int linux_openat_beneath(int directory, const char *path, int flags, unsigned mode, bool follow_symlinks) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)(unsigned)flags | O_CLOEXEC;
    how.mode = (flags & O_CREAT) ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (follow_symlinks ? 0 : RESOLVE_NO_SYMLINKS);
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int linux_ofd_lock(int descriptor, linux_lock_kind kind, int64_t start, int64_t length, bool wait) {
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = kind == LINUX_LOCK_SHARED ? F_RDLCK : kind == LINUX_LOCK_EXCLUSIVE ? F_WRLCK : F_UNLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return fcntl(descriptor, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
}

int64_t linux_filesystem_type(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (int64_t)status.f_type : -1;
}

int linux_boot_id(char *text) {
    int descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    ssize_t count = read(descriptor, text, 36);
    close(descriptor);
    if (count != 36) return errno = EIO, -1;
    text[36] = 0;
    return 0;
}

int linux_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int linux_processor_count(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

bool linux_signal_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int linux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void linux_configure_allocator(int mapped, int trimmed) {
    mallopt(M_MMAP_THRESHOLD, mapped);
    mallopt(M_TRIM_THRESHOLD, trimmed);
}
