// Linux and GNU calls that Glibc's Swift module hides. Each is the call of the same name: -1 and errno on failure.
#pragma once
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <stdint.h>
#include <stddef.h>

int linux_renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path, unsigned flags);
extern const unsigned linux_rename_noreplace;
extern const unsigned linux_rename_exchange;

int64_t linux_copy_file_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t length);

/// ioctl(FICLONE): makes `to` share all extents of `from`.
int linux_ficlone(int to, int from);

int linux_syncfs(int descriptor);

/// fallocate(2) that changes the file's size.
int linux_fallocate(int descriptor, int64_t offset, int64_t length);

/// openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS, plus RESOLVE_NO_SYMLINKS when asked for.
int linux_openat_beneath(int directory, const char *path, int flags, unsigned mode, bool follow_symlinks);

/// Open-file-description locks (fcntl F_OFD_SETLK / F_OFD_SETLKW) on [start, start + length); length 0: to the end.
typedef enum { LINUX_LOCK_SHARED, LINUX_LOCK_EXCLUSIVE, LINUX_LOCK_NONE } linux_lock_kind;
int linux_ofd_lock(int descriptor, linux_lock_kind kind, int64_t start, int64_t length, bool wait);

/// statfs(2)'s f_type of the file system that holds the descriptor; -1 on failure.
int64_t linux_filesystem_type(int descriptor);

/// The kernel's identity for this boot (/proc/sys/kernel/random/boot_id) into 37 bytes, NUL included.
int linux_boot_id(char *text);

/// ioctl(TIOCGWINSZ): columns of the terminal behind the descriptor; 0 when it has none or does not say.
int linux_terminal_columns(int descriptor);

/// sched_getaffinity(2): how many processors this process may run on; -1 on failure.
int linux_processor_count(void);

/// sigaction(2): whether the process was started with this signal ignored, as nohup(1) and shells' background jobs are.
bool linux_signal_is_ignored(int signal);

/// pipe2(2) with O_CLOEXEC: the read end, then the write end.
int linux_pipe(int ends[2]);

/// mallopt(3): blocks of at least `mapped` bytes go back to the system when they are freed; others once `trimmed` bytes are free.
void linux_configure_allocator(int mapped, int trimmed);

