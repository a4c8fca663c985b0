import { v7 } from 'uuid'

/** A new row's id: UUIDv7, so that rows made together lie together and nobody can guess the next. */
export function newId(): string {
  return v7()
}
