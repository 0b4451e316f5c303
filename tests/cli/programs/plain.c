/* A program, linked in as many ways as the loader knows. */
#include <stdio.h>

#ifdef PLAIN_GO
/* What the Go linker leaves. */
__asm__(".pushsection .note.go.buildid,\"a\",@note\n"
        ".long 4, 4, 4\n"
        ".ascii \"Go\\0\\0abcd\"\n"
        ".popsection\n");
#endif

int main(int argc, char **argv)
{
    printf("ran with %d\n", argc - 1);
    (void)argv;
    return 7;
}
