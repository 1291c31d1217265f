# RUN: gasm %s -o %t/a.o
# RUN: gasm %t/a.o -o %t/b.o
# EXIT: 1
# STDERR: is no source: it is an object, an image or an archive of them
        nop
