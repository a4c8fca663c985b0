declare module '#app' {
  interface PageMeta {
    /** Shown to anyone; without it a page is for signed-in people. */
    public?: boolean
  }
}

export {}
