import security from '../locales/ar/security.json'
import step from '../locales/ar/step.json'

export default { ...security, ...step }
