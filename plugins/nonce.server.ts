/**
 * Puts the Content-Security-Policy's nonce on every script of the document's head and end. It is set on the tags, not
 * searched for in the text: a `<script` inside an attribute's value must never get one.
 */
export default defineNuxtPlugin(nuxtApp => {
  const nonce = useRequestEvent()?.context.nonce as string | undefined
  nuxtApp.ssrContext!.head.hooks?.hook('ssr:render', ({ tags }) => {
    for (const tag of tags) {
      if (tag.tag === 'script' && nonce) tag.props.nonce = nonce
    }
  })
})
