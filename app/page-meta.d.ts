import type { Permission } from '#shared/permissions'
import type { TextGroup } from '~~/i18n/groups'

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
    /** Groups of texts that not every page of its surface needs. */
    texts?: TextGroup[]
  }
}
