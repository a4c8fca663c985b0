/**
 * Sets the Content-Security-Policy's nonce on every script tag of the document. It is set on the tag objects, not by
 * a text search: a `<script` inside an attribute's value must never get one.
 */
export default defineNuxtPlugin(nuxtApp => {
  const nonce = useRequestEvent()?.context.nonce as string | undefined
  nuxtApp.ssrContext!.head.hooks?.hook('ssr:render', ({ tags }) => {
    for (const tag of tags) {
      if (tag.tag === 'script' && nonce) tag.props.nonce = nonce
    }
  })
})
