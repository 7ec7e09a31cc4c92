import { hosts, number } from './kinds.ts';

/** Limits of a request or connection that wants a seat. */
export const START_SETTINGS = {
  firstMessageMs: number(
    'CXBCORE_FIRST_MESSAGE_MS',
    5000,
    'ms',
    'How long a new connection may take to send a valid first message.',
  ),
  requestHeaderMs: number('CXBCORE_REQUEST_HEADER_MS', 3000, 'ms', 'How long a request may take to arrive.'),
  startMaxAgeMs: number(
    'CXBCORE_START_MAX_AGE_MS',
    10_000,
    'ms',
    'A start older than this (X-Start-Ms) is dropped: the proxy has given it up.',
  ),
  maxMessageBytes: number(
    'CXBCORE_MAX_MESSAGE_BYTES',
    262_144,
    'bytes',
    'The largest WebSocket message taken from a line.',
    { min: 4096 },
  ),
  maxBodyKb: number('CXBCORE_MAX_BODY_KB', 64, 'KiB', 'The largest request body.'),
  reserveS: number(
    'CXBCORE_RESERVE_S',
    60,
    's',
    'How long a seat is held for the media of a reservation that does not say.',
    { max: 3600 },
  ),
  dialAllow: hosts(
    'CXBCORE_DIAL_ALLOW',
    'Hosts that a start may have dialled, such as media.example.com or 10.0.0.7:8443; with none, nothing is dialled.',
  ),
  dialMs: number('CXBCORE_DIAL_MS', 10_000, 'ms', 'How long a dialled server may take to answer.'),
} as const;
