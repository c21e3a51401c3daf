const fs = require("fs");
fs.mkdirSync("out", { recursive: true });
fs.writeFileSync("out/index.txt", "hello from the mail");
