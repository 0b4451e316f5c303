#!/bin/bash
# Writes stallmark.1 out of what `stallmark --help` and `stallmark COMMAND --help` say, so that the two never
# differ (tests/cli/man.sh compares).
# usage: docs/man/make.sh STALLMARK >docs/man/stallmark.1
set -euo pipefail
stallmark=$1

# Text for roff: backslashes, and a dot or quote at the beginning of a line.
quote() { sed 's/\\/\\e/g; s/-/\\-/g; s/^\([.'\'']\)/\\\&\1/'; }

commands=$("$stallmark" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p')

cat <<'END'
.\" Made by docs/man/make.sh out of what the program says; do not edit.
.TH STALLMARK 1 "" "stallmark" "User Commands"
.SH NAME
stallmark \- why a concurrent program is slow: arm, capture and read execution traces
.SH SYNOPSIS
.nf
END
for command in $commands; do
    "$stallmark" "$command" --help | sed -n '/^$/q; s/^usage: //; s/^       //; p' | quote | sed 's/^stallmark \([a-z]*\)/\\fBstallmark \1\\fR/'
done
cat <<'END'
.fi
.SH DESCRIPTION
stallmark is an execution tracer for programs made of threads. A server misbehaves; one curl, or
.BR "stallmark capture" ,
arms the tracer inside it; a timer stops it; and
.B stallmark report
says in words why requests were slow: which lock, who held it and in which function, and what share of which
route's time it took.
.PP
A program has the tracer in it when it links libstallmark\-agent, or when it was started by
.BR "stallmark run" .
.SH COMMANDS
END
for command in $commands; do
    printf '.SS stallmark %s\n.nf\n' "$command"
    "$stallmark" "$command" --help | quote | sed '1s/.*/\\fB&\\fR/'
    printf '.fi\n'
done
cat <<'END'
.SH TARGETS
.TP
.I pid
the process with that number; its socket is looked for below its own root, so that processes in containers are found
.TP
.I path
a unix socket, as
.I /run/user/1000/stallmark/4711.sock
.TP
.I URL
.I http://127.0.0.1:6060
or https; what stands behind the port is left away
.SH EXIT STATUS
.TP
.B 0
fine
.TP
.B 1
what \-\-fail\-on asked for was found
.TP
.B 2
bad input or usage; a sentence on standard error names what is allowed
.PP
.B stallmark run
and
.B stallmark record
become the command, whose exit status it then is.
.SH ENVIRONMENT
.TP
.B STALLMARK_TOKEN_FILE
the file that holds the token, for the agent and for the commands that ask it
.TP
.B STALLMARK_*
every option of the agent, for
.B stallmark run
.TP
.B NO_COLOR
no colours
.SH FILES
.TP
.I $XDG_RUNTIME_DIR/stallmark/<pid>.sock, /run/stallmark/<pid>.sock, /tmp/stallmark\-<uid>/<pid>.sock
the agent's socket
.TP
.I $STATE_DIRECTORY, $XDG_STATE_HOME/stallmark, /var/tmp/stallmark\-<uid>
captures, as the agent keeps them
.SH EXAMPLES
.nf
stallmark run \-\- ./server
curl \-OJ 'http://127.0.0.1:6060/debug/trace?duration=5s&wait=1'
stallmark capture 4711 \-\-duration 5s \-\-report
stallmark record \-o slow.stall \-\- ./slow_test
.fi
END
