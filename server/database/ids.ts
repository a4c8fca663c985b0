import { v7 } from 'uuid'

/** A new row's id. UUIDv7: ids are ordered by time, and the next one cannot be guessed. */
export function newId(): string {
  return v7()
}
