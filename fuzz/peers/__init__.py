"""Node.js and nginx, started on loopback: how they understand what Hotgate sends."""
