// Swagger UI for /docs, from our own files: works offline and under the page's content security policy.
import SwaggerUIBundle from 'swagger-ui-dist/swagger-ui-es-bundle';
import 'swagger-ui-dist/swagger-ui.css';
import './styles/docs.css';

const place = document.getElementById('docs');
const address = place?.dataset['document'];

if (place && address) {
  SwaggerUIBundle({
    url: address,
    domNode: place,
    deepLinking: false,
    displayOperationId: true,
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
}
