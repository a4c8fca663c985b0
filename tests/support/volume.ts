/** Whether this is a long run. */
export const isLong = process.env.TEST_VOLUME === 'long'

/**
 * How many requests, rows or rounds a test of a race, a leak or a flood makes.
 * @param short for `npm test`: enough to find the fault
 * @param long for `npm run test:soak` and `npm run test:faults`
 */
export function volume(short: number, long: number): number {
  return isLong ? long : short
}
