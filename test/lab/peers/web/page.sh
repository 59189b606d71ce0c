#!/bin/sh
# Who signed in, how, and for what.
printf 'Content-Type: text/plain\r\n\r\n'
printf '%s %s %s %s\n' "$REMOTE_USER" "$GSS_MECH" "$REQUEST_METHOD" "$REQUEST_URI"
