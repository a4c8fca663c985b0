/** How long to wait for what a process does by itself, such as long work, mail, and what the clock starts. */
export const patience = { timeout: 60_000, interval: 20 }
