/* sqlite3's amalgamation with a database in memory: statements from a list, results as text. */
#include "sqlite3.h"
#include <stdio.h>
#include <string.h>
static int row(void *unused, int count, char **values, char **names) {
    (void)unused; (void)names;
    for (int i = 0; i < count; i++) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
    printf("\n");
    return 0;
}

/* An operating system without files: a database in memory asks only for the time and random bytes. */
static int no_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)vfs; (void)name; (void)flags; (void)out;
    file->pMethods = NULL;
    return SQLITE_CANTOPEN;
}
static int no_delete(sqlite3_vfs *vfs, const char *name, int sync) { (void)vfs; (void)name; (void)sync; return SQLITE_OK; }
static int no_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) { (void)vfs; (void)name; (void)flags; *out = 0; return SQLITE_OK; }
static int full_name(sqlite3_vfs *vfs, const char *name, int size, char *out) { (void)vfs; sqlite3_snprintf(size, out, "%s", name); return SQLITE_OK; }
static int random_bytes(sqlite3_vfs *vfs, int size, char *out) { (void)vfs; memset(out, 7, (size_t)size); return size; }
static int no_sleep(sqlite3_vfs *vfs, int microseconds) { (void)vfs; return microseconds; }
static int now(sqlite3_vfs *vfs, double *day) { (void)vfs; *day = 2451544.5; return SQLITE_OK; }
static int no_error(sqlite3_vfs *vfs, int size, char *out) { (void)vfs; (void)size; (void)out; return 0; }

int sqlite3_os_init(void) {
    static sqlite3_vfs vfs = {1, sizeof(sqlite3_file), 64, NULL, "none", NULL, no_open, no_delete, no_access, full_name, NULL, NULL, NULL, NULL, random_bytes, no_sleep, now, no_error};
    return sqlite3_vfs_register(&vfs, 1);
}
int sqlite3_os_end(void) { return SQLITE_OK; }
int main(void) {
    static const char *statements[] = {
        "select sqlite_version()",
        "create table t(id integer primary key, name text, value real)",
        "create index by_name on t(name)",
        "with recursive n(i) as (select 1 union all select i+1 from n where i < 2000) insert into t select i, 'name' || (i * 7919 % 1000), i * 1.25 from n",
        "select count(*), sum(value), min(name), max(name) from t",
        "select name, count(*), avg(value) from t group by name order by 3 desc limit 5",
        "update t set value = value * 2 where id % 3 = 0",
        "delete from t where id % 7 = 0",
        "select count(*), total(value) from t",
        "select a.id, b.id from t a join t b on a.name = b.name and a.id < b.id order by a.id limit 5",
        "explain query plan select * from t where name = 'name5'",
        "select hex(zeroblob(4)), upper('abc'), printf('%05.2f', 3.14159), date(0, 'unixepoch'), round(2.5), 1/3.0",
        "select group_concat(id, ',') from (select id from t where name like 'name99%' order by id limit 10)",
        "pragma integrity_check",
        "select no_such_column from t",
    };
    sqlite3 *db;
    char *error = NULL;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) { printf("open: %s\n", sqlite3_errmsg(db)); return 1; }
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        printf("> %s\n", statements[i]);
        if (sqlite3_exec(db, statements[i], row, NULL, &error) != SQLITE_OK) { printf("error: %s\n", error); sqlite3_free(error); }
    }
    sqlite3_close(db);
    return 0;
}
