import net from 'node:net';

/**
 * What framing alone costs: reads requests by `Content-Length`, judges nothing, answers each with its `Id` and as many bytes as
 * the daemon answers. Run as `node echo.js SOCKET ANSWER_BYTES`.
 */
const [path, answerBytes] = process.argv.slice(2);
const prefix = 'PNP/1.0 0 EX_OK\r\nId: ';
const suffix = '\r\nContent-Length: 0\r\n\r\n';
const idLength = 6;
const filler = Number(answerBytes) - prefix.length - idLength - suffix.length - '\r\nFiller: '.length;
const tail = `\r\nFiller: ${'x'.repeat(filler)}${suffix}`;

const server = net.createServer((socket) => {
  let rest = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let position = 0;
    let answers = '';
    for (;;) {
      const headEnd = bytes.indexOf('\r\n\r\n', position);
      if (headEnd < 0) break;
      const head = bytes.toString('latin1', position, headEnd);
      const end = headEnd + 4 + Number.parseInt(head.slice(head.indexOf('Content-Length: ') + 16), 10);
      if (end > bytes.length) break;
      const id = head.indexOf('Id: ') + 4;
      answers += prefix + head.slice(id, id + idLength) + tail;
      position = end;
    }
    rest = bytes.subarray(position);
    if (answers !== '') socket.write(answers, 'latin1');
  });
});
server.listen(path);
