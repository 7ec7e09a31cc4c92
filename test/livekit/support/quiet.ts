import process from 'node:process';

// LiveKit's client writes a line to standard output for every join, unless this says production when it is loaded.
process.env['NODE_ENV'] = 'production';
