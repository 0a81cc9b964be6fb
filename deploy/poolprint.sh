#!/bin/sh
# /usr/local/bin/poolprint: the program with the Node.js that came along.
exec /opt/poolprint/node_modules/.bin/node /opt/poolprint/dist/cli/launch.js "$@"
