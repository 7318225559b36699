// Stands for the image's nc as a server (`nc -lk -p PORT -e PROGRAM`): each connection is the program's input and output.
import { spawn } from "node:child_process";
import { createServer } from "node:net";

const words = process.argv.slice(2);
const after = (flag) => words[words.indexOf(flag) + 1];
createServer((socket) => {
  socket.on("error", () => {});
  const child = spawn(after("-e"), { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {});
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
}).listen(Number(after("-p")));
