// Node.js as a server and as a client. The first line of output is the server's port. Each answer of the server says,
// in a field, what request it was. Each line of input asks for one request of the client; a line of output tells of it.
"use strict";

const http = require("node:http");
const readline = require("node:readline");

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const seen = { method: request.method, url: request.url, body: Buffer.concat(pieces).toString("base64") };
    response.setHeader("x-seen", Buffer.from(JSON.stringify(seen)).toString("base64"));
    response.end();
  });
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));

function ask({ port, method }, told) {
  const request = http.request({ host: "127.0.0.1", port, method, agent: false }, (response) => {
    const pieces = [];
    response.on("data", (piece) => pieces.push(piece));
    response.on("error", () => {});
    response.on("close", () => {
      const body = Buffer.concat(pieces).toString("base64");
      told({ status: response.statusCode, body, complete: response.complete });
    });
  });
  request.on("error", (error) => told({ error: String(error) }));
  request.end();
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let isTold = false;
  ask(JSON.parse(line), (reading) => {
    if (!isTold) console.log(JSON.stringify(reading));
    isTold = true;
  });
}).on("close", () => process.exit(0));
