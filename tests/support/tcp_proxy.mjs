// A TCP proxy on a free port of loopback. Those that do more than pass bytes on extend it.
import { createConnection, createServer } from 'node:net';

export class TcpProxy {
  // port: of the server on loopback to which it connects.
  static async start(port) {
    const one = new this();
    one.connections = new Set();
    one.server = createServer((client) => one.#accept(client, port));
    await new Promise((done) => one.server.listen(0, '127.0.0.1', done));
    one.port = one.server.address().port;
    return one;
  }

  // false: a new connection ends at once.
  accepts() {
    return true;
  }

  // connection: {client, server, cut()}.
  fromClient(connection, bytes) {
    connection.server.write(bytes);
  }

  fromServer(connection, bytes) {
    connection.client.write(bytes);
  }

  #accept(client, port) {
    if (!this.accepts()) {
      client.destroy();
      return;
    }
    const server = createConnection({ host: '127.0.0.1', port, noDelay: true });
    const connection = {
      client,
      server,
      cut: () => {
        this.connections.delete(connection);
        client.destroy();
        server.destroy();
      },
    };
    client.setNoDelay(true);
    this.connections.add(connection);
    for (const socket of [client, server]) socket.on('error', connection.cut).on('close', connection.cut);
    client.on('data', (bytes) => this.fromClient(connection, bytes));
    server.on('data', (bytes) => this.fromServer(connection, bytes));
  }

  cut() {
    this.connections.forEach(({ cut }) => cut());
  }

  async stop() {
    this.cut();
    await new Promise((done) => this.server.close(done));
  }
}

// Counts what the client sends and acts at one of these: for connections that are lost, and processes
// that are killed, between any two packets of a protocol of requests and replies.
export class CuttingProxy extends TcpProxy {
  armed = null;

  // At the client's packet number `at`, from 0, calls act() and cuts the connection: 'before' the server
  // gets it, or 'after' the server has replied to it, of which the client sees nothing.
  arm(at, when, act = () => {}) {
    this.armed = { left: at, when, act, is_hit: false };
    return this.armed;
  }

  #hit(connection, armed) {
    armed.is_hit = true;
    armed.act();
    connection.cut();
  }

  fromClient(connection, bytes) {
    const { armed } = this;
    if (armed && !armed.is_hit && armed.left-- === 0) {
      if (armed.when === 'before') {
        this.#hit(connection, armed);
        return;
      }
      connection.cut_at_reply = armed;
    }
    super.fromClient(connection, bytes);
  }

  fromServer(connection, bytes) {
    if (connection.cut_at_reply) this.#hit(connection, connection.cut_at_reply);
    else super.fromServer(connection, bytes);
  }
}

// Adds up how long its client waits for replies: for protocols of requests and replies.
export class TimingProxy extends TcpProxy {
  waited_ms = 0;

  fromClient(connection, bytes) {
    connection.asked_ms ??= performance.now();
    super.fromClient(connection, bytes);
  }

  fromServer(connection, bytes) {
    if (connection.asked_ms) this.waited_ms += performance.now() - connection.asked_ms;
    connection.asked_ms = null;
    super.fromServer(connection, bytes);
  }
}

// mode 'open'; 'refuse': each new connection ends at once; 'hold': nothing is passed on.
export class FailingProxy extends TcpProxy {
  mode = 'open';

  accepts() {
    return this.mode !== 'refuse';
  }

  fromClient(connection, bytes) {
    if (this.mode !== 'hold') super.fromClient(connection, bytes);
  }

  fromServer(connection, bytes) {
    if (this.mode !== 'hold') super.fromServer(connection, bytes);
  }
}
