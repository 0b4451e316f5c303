/* page.S: the viewer's files, as gzip made them; page.c has their names. Read-only, and no stack to execute. */
	.section .rodata
	.macro file name, path
	.global smk_page_\name
	.global smk_page_\name\()_end
	.hidden smk_page_\name
	.hidden smk_page_\name\()_end
	.balign 16
smk_page_\name:
	.incbin "\path"
smk_page_\name\()_end:
	.endm

	file html, "index.html.gz"
	file script, "viewer.js.gz"
	file style, "viewer.css.gz"
	file licences, "licences.txt.gz"
	file why, "why.txt"

	.section .note.GNU-stack, "", %progbits
