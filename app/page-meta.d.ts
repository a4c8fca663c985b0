import type { Permission } from '#shared/permissions'

declare module 'vue' {
  interface ComponentCustomProperties {
    $t: ReturnType<typeof useI18n>['t']
  }
}

declare module '#app' {
  interface PageMeta {
    /** Shown to everyone; other pages need a signed-in user. */
    public?: boolean
    /** The permission to see it; the API checks again. */
    access?: Permission
    /** Wider than a form, in the layout of the sign-in pages. */
    isWide?: boolean
  }
}
