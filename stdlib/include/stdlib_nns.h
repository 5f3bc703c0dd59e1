extern const unsigned char nns_layers[]; extern const unsigned long nns_layers_size;
