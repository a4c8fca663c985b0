/**
 * Loaded into a server of the tests before it begins: it ends when its standard input does, which whoever started
 * it holds.
 */
process.stdin
  .on('end', () => process.exit())
  .on('error', () => process.exit())
  .resume()
// Of itself that is no reason to go on.
;(process.stdin as unknown as { unref(): void }).unref()
