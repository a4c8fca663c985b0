/**
 * Loaded into a server of the tests before it starts: ends the server when its standard input ends, which its parent
 * process holds open.
 */
process.stdin
  .on('end', () => process.exit())
  .on('error', () => process.exit())
  .resume()
// This alone must not keep the process running.
process.stdin.unref()
