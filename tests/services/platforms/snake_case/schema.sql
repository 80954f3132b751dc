-- A platform with snake_case tables: DECIMAL amounts, times in UTC.
CREATE TABLE users (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(254) NOT NULL UNIQUE,
    name VARCHAR(100) NOT NULL,
    phone VARCHAR(20) NULL,
    preferred_language VARCHAR(5) NOT NULL DEFAULT 'ko',
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE sellers (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(254) NOT NULL,
    business_name VARCHAR(200) NOT NULL,
    business_number VARCHAR(12) NULL,
    commission_rate DECIMAL(5, 2) NULL COMMENT 'percent; NULL: the category''s',
    status ENUM('pending', 'active', 'suspended', 'closed') NOT NULL DEFAULT 'pending',
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE categories (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    parent_id BIGINT UNSIGNED NULL,
    name VARCHAR(100) NOT NULL,
    commission_rate DECIMAL(5, 2) NULL COMMENT 'percent; NULL: the platform''s default',
    FOREIGN KEY (parent_id) REFERENCES categories (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE products (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    seller_id BIGINT UNSIGNED NOT NULL,
    category_id BIGINT UNSIGNED NULL,
    name VARCHAR(255) NOT NULL,
    price DECIMAL(12, 2) NOT NULL,
    commission_rate DECIMAL(5, 2) NULL,
    tax_type ENUM('taxable', 'exempt') NOT NULL DEFAULT 'taxable' COMMENT 'VAT',
    FOREIGN KEY (seller_id) REFERENCES sellers (id),
    FOREIGN KEY (category_id) REFERENCES categories (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_number VARCHAR(50) NOT NULL UNIQUE,
    user_id BIGINT UNSIGNED NOT NULL,
    total_amount DECIMAL(12, 2) NOT NULL COMMENT 'what the customer pays',
    shipping_fee DECIMAL(12, 2) NOT NULL DEFAULT 0,
    discount_amount DECIMAL(12, 2) NOT NULL DEFAULT 0,
    discount_bearer ENUM('seller', 'platform') NOT NULL DEFAULT 'platform',
    points_used DECIMAL(12, 2) NOT NULL DEFAULT 0,
    status ENUM('pending', 'paid', 'preparing', 'shipped', 'delivered', 'confirmed', 'cancelled', 'refunded')
        NOT NULL DEFAULT 'pending',
    payment_status ENUM('unpaid', 'pending', 'failed', 'completed', 'cancelled', 'partially_refunded', 'refunded')
        NOT NULL DEFAULT 'unpaid',
    payment_method VARCHAR(64) NULL,
    transaction_id VARCHAR(200) NULL,
    cash_receipt_number VARCHAR(30) NULL,
    paid_amount DECIMAL(12, 2) NOT NULL DEFAULT 0,
    refunded_amount DECIMAL(12, 2) NOT NULL DEFAULT 0,
    paid_at DATETIME NULL,
    shipping_carrier VARCHAR(64) NULL,
    tracking_number VARCHAR(64) NULL,
    shipped_at DATETIME NULL,
    delivered_at DATETIME NULL,
    confirmed_at DATETIME NULL COMMENT 'the customer confirmed the purchase',
    cancelled_at DATETIME NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    KEY orders_confirmed_at (confirmed_at),
    KEY orders_cancelled_at (cancelled_at),
    KEY orders_paid_at (paid_at),
    FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE order_items (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    product_id BIGINT UNSIGNED NOT NULL,
    product_name VARCHAR(255) NOT NULL,
    price DECIMAL(12, 2) NOT NULL COMMENT 'of one piece',
    quantity INT UNSIGNED NOT NULL,
    total_price DECIMAL(12, 2) NOT NULL,
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE refunds (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    order_item_id BIGINT UNSIGNED NULL COMMENT 'NULL: of the whole order',
    amount DECIMAL(12, 2) NOT NULL,
    reason VARCHAR(255) NULL,
    status ENUM('pending', 'processing', 'completed', 'rejected') NOT NULL DEFAULT 'pending',
    processed_at DATETIME NULL,
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    KEY refunds_processed_at (processed_at),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (order_item_id) REFERENCES order_items (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
