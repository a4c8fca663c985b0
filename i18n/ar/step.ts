export { default } from '../locales/ar/step.json'
