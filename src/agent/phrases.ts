/** The sentences a script says of its own accord; each can be replaced in the agent file. */
export interface Phrases {
  readonly notUnderstood: string;
  readonly stillNotUnderstood: string;
  readonly silent: string;
  readonly stillSilent: string;
  readonly silentGoodbye: string;
  readonly person: string;
  readonly nobody: string;
  readonly toolFailed: string;
  readonly giveUp: string;
  readonly giveUpGoodbye: string;
  readonly message: string;
  readonly messageTaken: string;
  readonly restart: string;
  readonly hold: string;
  readonly stillThere: string;
  readonly goodbye: string;
  readonly change: string;
  readonly working: string;
  readonly continued: string;
  readonly tooLong: string;
  readonly confirmKeys: string;
  readonly confirmAgain: string;
}

export const PHRASES: Phrases = {
  notUnderstood: 'Sorry, I did not get that.',
  stillNotUnderstood: 'I still did not understand. You can use the keys of your phone.',
  silent: 'Are you still there?',
  stillSilent: 'I cannot hear you. You can also use the keys of your phone.',
  silentGoodbye: 'I cannot hear you, so I will hang up now. Please call again. Goodbye.',
  person: 'I am connecting you to a person.',
  nobody: 'I am sorry, nobody can take your call right now.',
  toolFailed: 'I am sorry, that did not work.',
  giveUp: 'I am sorry that I do not understand you.',
  giveUpGoodbye: 'Please call again. Goodbye.',
  message: 'Please leave a message, and we will call you back.',
  messageTaken: 'Thank you. Your message is saved. Goodbye.',
  restart: 'All right, from the beginning.',
  hold: 'Take your time. Just speak when you are ready.',
  stillThere: 'I am still here.',
  goodbye: 'Goodbye.',
  change: 'What should I change?',
  working: 'One moment, I am still working on it.',
  continued: 'I am sorry, we were interrupted.',
  tooLong: 'I am sorry, we are out of time. Please call again. Goodbye.',
  confirmKeys: 'Press one for yes, or two for no.',
  confirmAgain: 'Please say yes, no, or what is different.',
};
