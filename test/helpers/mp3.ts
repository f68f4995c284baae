/** A quarter of a second of 1,000 Hz, in six frames of 8 kbit/s and 8,000 samples per second. */
export const MP3_TONE: Buffer = Buffer.from(
  "/+MYxAALcTahkUFYAKrvAYAYxjGMfIAAAXmMYxvIAAL4xjH+AC///sffy9MbwH4AABAIhMrBD/d/u6VgQCAYKoQCAABDGX/D/+MYxA0Psb7WOYWAAqAokHv8BhEOgD/pGReMS6TP/6kjJEmSAgsk7+DD+DCipJL////RLpiIgqCoiPf/WCpZ/////////9kA/+MYxAkNQVI4AcDwAAGYLwg5i/NtnQ4TuZPwzZhQASmAMAUYHIFwsAk4Zdl+ZU73f//////////q//zoFQEgYNQZgYaqWgfp/+MYxA8M+VI8AUCwAAXYGJohAGMILgGDYFQAgDQMCYAwsPGOGgUCqbv//////////9TsUxQv+Q5hP3zBg4T9m2NkSZOE3+gt/+MYxBYRmYakAYKgANIxJ8KaWNyqTws4S0G8gWdFQ10TJTm73f49DnFEoKPni6ZC/o+syDIoaATf/1pQrXWJzCswqQsMIZCc/+MYxAoMuSG8AcEYAcQnMMhRChCoghDITMNVSZm6GAgIwoCJgECmwmzQXIKxCjgVg6Xzfi/kTEFNRTMuMTAwqqqqqqqqqqqqqg==",
  "base64",
);
