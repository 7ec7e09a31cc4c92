/**
 * Why a call ended: a closed list, each with whose doing it was. The part before the dot is that party.
 * `docs/reference/end-reasons.md` is made from this table.
 */
export const END_REASONS = {
  'caller.hung_up': 'the caller hung up, or their side closed the connection',
  'caller.no_show': 'the visitor who was awaited did not come in time',
  'caller.silent': 'the caller said nothing, again and again, and the agent said goodbye',
  'caller.not_understood':
    'the agent could not understand the caller, no person was reachable, and it said goodbye',
  'agent.finished': 'the agent had nothing more to do and said goodbye',
  'agent.transferred': 'the call was handed to a person or another number',
  'agent.message_taken': 'nobody was reachable, and the caller left a message',
  'agent.unknown': 'the start named an agent that this host does not have',
  'agent.failed': 'the agent file threw an error, or its script led nowhere',
  'line.lost': 'nothing came from the line for so long that it must be gone',
  'line.stuck': 'the line stopped taking audio for so long that the call could not go on',
  'line.never_came': 'no media came for a start by request before its time was over',
  'line.join_failed': 'the room of the call could not be joined or published to',
  'line.protocol': 'the line sent something its protocol does not allow',
  'dial.busy': 'the dialled number was busy',
  'dial.declined': 'the dialled side declined the call',
  'dial.no_answer': 'the dialled side did not answer in time',
  'dial.invalid_number': 'the dialled number does not exist',
  'dial.blocked': 'the dialled number is blocked',
  'dial.failed': 'the way to the dialled side failed: the trunk, the network, or the server there',
  'dial.not_set_up': 'the way to the dialled side is not set up as it must be',
  'speech.failed': 'hearing or speaking failed and nothing was left to fall back on',
  'limit.duration': 'the call reached its maximum length; the agent said goodbye before',
  'operator.stopped': 'the host was told to stop this call',
  'operator.hung_up': 'a person or program with access to the host hung up',
  'start.duplicate': 'the start named a call that is running or was here before; that call was not touched',
  'start.invalid': 'the first message did not start a call: none in time, malformed, or not allowed',
  'worker.died': 'the worker process died',
  'bug.internal': 'a fault of ours',
} as const;

export type EndReason = keyof typeof END_REASONS;
