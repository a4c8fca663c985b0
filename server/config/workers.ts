import { availableParallelism } from 'node:os'

/** By default; each worker has its own connections to the database. */
const most = 4

/**
 * @returns how many processes serve; 1 for a value that is not a number: the worker that reads its configuration then
 * reports it
 */
export function workersWanted({ WORKERS, NODE_ENV }: Record<string, string | undefined>): number {
  if (WORKERS) return /^\d{1,3}$/.test(WORKERS) ? Number(WORKERS) : 1
  const isProduction = !NODE_ENV || NODE_ENV === 'production'
  return isProduction ? Math.min(availableParallelism(), most) : 1
}
