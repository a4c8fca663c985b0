interface Named {
  first_name: string
  last_name: string
  email: string
}

/** A user's display name: the full name, or the e-mail address without one. */
export function nameOf({ first_name, last_name, email }: Named): string {
  return `${first_name} ${last_name}`.trim() || email
}

/** One or two initials, shown when there is no photo. */
export function initialsOf({ first_name, last_name, email }: Named): string {
  const letters = firstLetter(first_name) + firstLetter(last_name)
  return (letters || firstLetter(email)).toLocaleUpperCase('en')
}

/** By code point, so that a surrogate pair stays whole. */
function firstLetter(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 32).trim()
}
