/* What picolibc needs of a machine, on hvkit's platform: a console, an end, a clock, and files in
   memory. The C programs of the corpus are linked with it. A program's own main is renamed with
   -Dmain=program_main; its arguments are -DPROGRAM_ARGUMENTS='"-c","x"'. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio-bufio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>
#include <utime.h>

enum { HVK = 0x0948564B, HVK_PRINT = 0, HVK_EXIT = 1, HVK_READ = 2 };

/* An HVK call: the error in *error, the value as the result. */
static long hypercall(long function, long a, long b, long *error) {
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a6 __asm__("a6") = function;
    register long a7 __asm__("a7") = HVK;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
    *error = a0;
    return a1;
}

/* Files in memory. Descriptors 0, 1 and 2 are the console, then come the open files. */
enum { FIRST_FILE = 3, MOST_FILES = 8, MOST_OPEN = 16 };

static struct file {
    char name[64]; /* empty: no file */
    char *bytes;
    size_t size, room;
} files[MOST_FILES];

static struct open_file {
    struct file *file; /* NULL: not open */
    size_t at;
    int appends;
} open_files[MOST_OPEN];

static int fails(int error) {
    errno = error;
    return -1;
}

static struct file *find(const char *name) {
    for (struct file *file = files; file < files + MOST_FILES; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

static struct open_file *opened(int descriptor) {
    if (descriptor < FIRST_FILE || descriptor >= FIRST_FILE + MOST_OPEN || !open_files[descriptor - FIRST_FILE].file)
        return NULL;
    return &open_files[descriptor - FIRST_FILE];
}

int open(const char *name, int flags, ...) {
    if (name[0] == 0 || strlen(name) >= sizeof files[0].name)
        return fails(ENOENT);
    struct file *file = find(name);
    if (!file) {
        if (!(flags & O_CREAT))
            return fails(ENOENT);
        file = find("");
        if (!file)
            return fails(ENFILE);
        strcpy(file->name, name);
    } else if ((flags & O_CREAT) && (flags & O_EXCL)) {
        return fails(EEXIST);
    }
    if (flags & O_TRUNC)
        file->size = 0;
    for (int i = 0; i < MOST_OPEN; i++)
        if (!open_files[i].file) {
            open_files[i] = (struct open_file){file, 0, (flags & O_APPEND) != 0};
            return FIRST_FILE + i;
        }
    return fails(EMFILE);
}

int close(int descriptor) {
    struct open_file *open_file = opened(descriptor);
    if (open_file)
        open_file->file = NULL;
    return open_file || (descriptor >= 0 && descriptor < FIRST_FILE) ? 0 : fails(EBADF);
}

static ssize_t read_console(void *buffer, size_t size) {
    for (;;) {
        long error, count = hypercall(HVK_READ, (long)buffer, (long)size, &error);
        if (error != 0)
            return 0; /* the input has ended */
        if (count != 0 || size == 0)
            return count;
    }
}

ssize_t read(int descriptor, void *buffer, size_t size) {
    if (descriptor == 0)
        return read_console(buffer, size);
    struct open_file *from = opened(descriptor);
    if (!from)
        return fails(EBADF);
    size_t left = from->at < from->file->size ? from->file->size - from->at : 0;
    size_t count = size < left ? size : left;
    memcpy(buffer, from->file->bytes + from->at, count);
    from->at += count;
    return (ssize_t)count;
}

static ssize_t write_console(const char *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        long error, written = hypercall(HVK_PRINT, (long)(bytes + done), (long)(size - done), &error);
        if (error != 0)
            return fails(EIO);
        done += (size_t)written;
    }
    return (ssize_t)size;
}

ssize_t write(int descriptor, const void *buffer, size_t size) {
    if (descriptor == 1 || descriptor == 2)
        return write_console(buffer, size);
    struct open_file *to = opened(descriptor);
    if (!to)
        return fails(EBADF);
    struct file *file = to->file;
    if (to->appends)
        to->at = file->size;
    if (to->at + size > file->room) {
        size_t room = (to->at + size) * 2;
        char *bytes = realloc(file->bytes, room);
        if (!bytes)
            return fails(ENOSPC);
        memset(bytes + file->room, 0, room - file->room);
        file->bytes = bytes;
        file->room = room;
    }
    memcpy(file->bytes + to->at, buffer, size);
    to->at += size;
    if (to->at > file->size)
        file->size = to->at;
    return (ssize_t)size;
}

off_t lseek(int descriptor, off_t offset, int whence) {
    struct open_file *open_file = opened(descriptor);
    if (!open_file)
        return fails(descriptor >= 0 && descriptor < FIRST_FILE ? ESPIPE : EBADF);
    off_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (off_t)open_file->at : (off_t)open_file->file->size;
    if (from + offset < 0)
        return fails(EINVAL);
    open_file->at = (size_t)(from + offset);
    return from + offset;
}

static int describe(const struct file *file, struct stat *status) {
    memset(status, 0, sizeof *status);
    status->st_mode = (file ? S_IFREG : S_IFCHR) | 0600;
    status->st_nlink = 1;
    status->st_size = file ? (off_t)file->size : 0;
    return 0;
}

int fstat(int descriptor, struct stat *status) {
    struct open_file *open_file = opened(descriptor);
    if (!open_file && (descriptor < 0 || descriptor >= FIRST_FILE))
        return fails(EBADF);
    return describe(open_file ? open_file->file : NULL, status);
}

int stat(const char *name, struct stat *status) {
    const struct file *file = name[0] ? find(name) : NULL;
    return file ? describe(file, status) : fails(ENOENT);
}

int lstat(const char *name, struct stat *status) {
    return stat(name, status);
}

int unlink(const char *name) {
    struct file *file = name[0] ? find(name) : NULL;
    if (!file)
        return fails(ENOENT);
    free(file->bytes);
    memset(file, 0, sizeof *file);
    return 0;
}

int rename(const char *from, const char *to) {
    struct file *file = from[0] ? find(from) : NULL;
    if (!file || to[0] == 0 || strlen(to) >= sizeof file->name)
        return fails(ENOENT);
    if (find(to) && find(to) != file)
        unlink(to);
    strcpy(file->name, to);
    return 0;
}

/* There are no rights, owners, terminals, shells or other processes. */
int chmod(const char *name, mode_t mode) { (void)mode; return find(name) ? 0 : fails(ENOENT); }
int fchmod(int descriptor, mode_t mode) { (void)descriptor; (void)mode; return 0; }
int fchown(int descriptor, uid_t user, gid_t group) { (void)descriptor; (void)user; (void)group; return 0; }
int utime(const char *name, const struct utimbuf *times) { (void)times; return find(name) ? 0 : fails(ENOENT); }
int isatty(int descriptor) { (void)descriptor; return 0; }
int system(const char *command) { (void)command; return 0; }
pid_t getpid(void) { return 1; }

void _exit(int code) {
    long error;
    for (;;)
        hypercall(HVK_EXIT, code, 0, &error);
}

/* `abort` and `raise` end the program with a status of their own. */
int kill(pid_t process, int signal) {
    (void)process;
    _exit(signal < 90 ? 30 + signal : 30);
}

/* The time CSR counts at 10 MHz from the start. */
static unsigned long long ticks(void) {
    unsigned long high, low, again;
    do {
        __asm__ volatile("rdtimeh %0\n\trdtime %1\n\trdtimeh %2" : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (unsigned long long)high << 32 | low;
}

int gettimeofday(struct timeval *now, void *zone) {
    (void)zone;
    unsigned long long microseconds = ticks() / 10;
    now->tv_sec = (time_t)(microseconds / 1000000);
    now->tv_usec = (suseconds_t)(microseconds % 1000000);
    return 0;
}

clock_t times(struct tms *used) {
    clock_t now = (clock_t)(ticks() / 10);
    if (used) {
        memset(used, 0, sizeof *used);
        used->tms_utime = now;
    }
    return now;
}

/* Random bytes for libraries that ask for an entropy source; the same in every run. */
int mbedtls_hardware_poll(void *unused, unsigned char *output, size_t length, size_t *filled) {
    static unsigned state = 2463534242u;
    (void)unused;
    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        output[i] = (unsigned char)state;
    }
    *filled = length;
    return 0;
}

/* The streams. Errors go where the output goes, in its order. */
static char input_buffer[1024], output_buffer[1024];
static struct __file_bufio input = FDEV_SETUP_BUFIO(0, input_buffer, sizeof input_buffer, read, write, lseek, close, __SRD, 0);
static struct __file_bufio output = FDEV_SETUP_BUFIO(1, output_buffer, sizeof output_buffer, read, write, lseek, close, __SWR, 0);
FILE *const stdin = &input.xfile.cfile.file;
FILE *const stdout = &output.xfile.cfile.file;
FILE *const stderr = &output.xfile.cfile.file;

static void flush_output(void) {
    fflush(stdout);
}

#ifndef PROGRAM_ARGUMENTS
#define PROGRAM_ARGUMENTS NULL
#endif

int program_main(int count, char **arguments);

/* picolibc's plain crt0 spins when `main` returns, so it does not return. */
int main(void) {
    static char *arguments[] = {"program", PROGRAM_ARGUMENTS, NULL};
    int count = 0;
    while (arguments[count])
        count++;
    atexit(flush_output);
    exit(program_main(count, arguments));
}
