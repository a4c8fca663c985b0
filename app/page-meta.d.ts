import type { Permission } from '#shared/permissions'

declare module '#app' {
  interface PageMeta {
    /** Shown to anyone; without it a page is for signed-in people. */
    public?: boolean
    /** Who may see it; the API decides for itself. */
    access?: Permission
    /** More room than a form needs, in the layout of signing in. */
    isWide?: boolean
  }
}
