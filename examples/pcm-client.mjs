// A caller over plain audio: speaks a raw 16-bit recording (16 kHz, mono), prints what is said, keeps what it hears.
//   node examples/pcm-client.mjs ws://127.0.0.1:8080/media/pcm question.raw heard.raw
import { createWriteStream, readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const [url, questionFile, heardFile] = process.argv.slice(2);
const headers = process.env.CXBCORE_API_KEY ? { Authorization: `Bearer ${process.env.CXBCORE_API_KEY}` } : {};
const socket = new WebSocket(url, { headers });
const say = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));
const question = readFileSync(questionFile);
const heard = createWriteStream(heardFile);
const openMarks = new Map(); // name -> timer that answers when the audio before the mark has been heard
let playedAt = 0; // when the loudspeaker will have played everything received so far, in milliseconds

socket.on('open', () => {
  say({ event: 'start', rate: 16000 });
  let at = 0;
  const microphone = setInterval(() => {
    const frame = Buffer.alloc(640); // 20 ms; silence once the recording is over
    frame.set(question.subarray(at, (at += 640)));
    socket.send(frame);
  }, 20);
  socket.on('close', () => clearInterval(microphone));
});

socket.on('message', (data, isAudio) => {
  if (isAudio) {
    heard.write(data);
    playedAt = Math.max(playedAt, Date.now()) + data.length / 32; // 32 bytes a millisecond
    return;
  }
  const message = JSON.parse(data);
  if (message.event === 'mark') openMarks.set(message.name, setTimeout(answer, playedAt - Date.now(), message.name));
  if (message.event === 'clear') {
    playedAt = Date.now(); // a real loudspeaker falls silent here: the caller has interrupted
    for (const name of openMarks.keys()) answer(name);
  }
  if (message.event === 'transcript' && message.final) console.log(`${message.who}: ${message.text}`);
  if (message.event === 'end') console.log(`the call is over: ${message.reason}`);
});

function answer(name) {
  clearTimeout(openMarks.get(name));
  openMarks.delete(name);
  say({ event: 'mark', name });
}

socket.on('error', (error) => console.error(error.message));
socket.on('close', (code, reason) => {
  if (code !== 1000) console.error(`closed with ${code}: ${reason.toString()}`);
  process.exitCode = code === 1000 ? 0 : 1;
});
