// A WebSocket as an app sees it: what has come, and a way to wait for more.
export class Socket {
  #waiting = [];
  messages = [];

  constructor(webSocket) {
    this.webSocket = webSocket;
    this.closed = new Promise((resolve) => { webSocket.addEventListener('close', ({ code }) => resolve(code)); });
    webSocket.addEventListener('message', ({ data }) => {
      this.messages.push(JSON.parse(data));
      this.#waiting.splice(0).forEach((look) => look());
    });
  }

  send(MessageType, Data) {
    this.webSocket.send(JSON.stringify({ MessageType, Data }));
  }

  // next takes the first message of a type, when it is there. The test's own limit ends a wait for nothing.
  async next(type) {
    for (;;) {
      const at = this.messages.findIndex(({ MessageType }) => MessageType === type);
      if (at >= 0) return this.messages.splice(at, 1)[0];
      await new Promise((look) => { this.#waiting.push(look); });
    }
  }
}
