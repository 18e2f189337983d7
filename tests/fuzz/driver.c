/*
 * A fuzz target without a fuzzer: calls it with the bytes of each file, so that
 * any compiler can run the corpus.  Each file is copied to memory of exactly its
 * size, where a sanitizer or valgrind sees a byte too many.  With libFuzzer, which
 * has a main of its own, this file is empty.
 */
#include <string.h>

#include "fuzz.h"

#ifndef FUZZ_LIBFUZZER

#define INPUT_MAX	(1024 * 1024)

static void
run_file(const char *path)
{
	static unsigned char bytes[INPUT_MAX];
	FILE *file = fopen(path, "re");
	unsigned char *copy;
	size_t size;

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	copy = malloc(size != 0 ? size : 1);
	if (copy == NULL)
		exit(2);
	memcpy(copy, bytes, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	(void)printf("%d inputs\n", argc - 1);
	return argc > 1 ? 0 : 2;
}

#endif
